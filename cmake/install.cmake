# make install: the program, its manual page, completion for shells, examples and the licence. Page and completion are printed
# by the program that is installed.
include(GNUInstallDirs)
set(EFT_PAGES ${CMAKE_BINARY_DIR}/pages)
install(CODE "
  file(MAKE_DIRECTORY ${EFT_PAGES})
  foreach(page \"man:eft.1\" \"completion bash:eft\" \"completion zsh:_eft\" \"completion fish:eft.fish\")
    string(REGEX MATCH \"^(.*):(.*)\\$\" page \"\${page}\")
    separate_arguments(arguments UNIX_COMMAND \"\${CMAKE_MATCH_1}\")
    execute_process(COMMAND $<TARGET_FILE:eft> \${arguments} OUTPUT_FILE ${EFT_PAGES}/\${CMAKE_MATCH_2} COMMAND_ERROR_IS_FATAL ANY)
  endforeach()")
install(TARGETS eft RUNTIME)
install(FILES ${EFT_PAGES}/eft.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${EFT_PAGES}/eft DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${EFT_PAGES}/_eft DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${EFT_PAGES}/eft.fish DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
install(FILES LICENSE README.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs examples DESTINATION ${CMAKE_INSTALL_DOCDIR})
