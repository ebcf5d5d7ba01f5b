"""The plots of the demo stories. A plot is a function of a Cast that returns paragraphs, each a list of sentences.

Cause comes before effect, a helper can do what the help needs, and what was said of a thing or a person stays true to
the end of the story; those are the regularities that a small model can learn here.
"""
from dataclasses import dataclass

from grammar import ADULTS, DISHES, FOODS, PLACES, SEASONS, THINGS, Being, Place, Rng, Thing, a, being, other


@dataclass
class Cast:
    """Who and what one story is about. The friend's pronoun differs from the hero's, so that pronouns are clear."""
    rng: Rng
    hero: Being
    friend: Being
    place: Place
    season: str
    thing: Thing
    adjective: str

    it = property(lambda self: f"{self.adjective} {self.thing.name}")
    use = property(lambda self: self.thing.use.format(his=self.hero.his, himself=self.hero.himself))

    def friend_of_kind(self, *kinds):
        """Casts the friend again as somebody who is able to help here."""
        self.friend = being(self.rng, other(self.hero), kinds, avoid=[self.hero])
        return self.friend


def new_cast(rng):
    hero = being(rng)
    thing = rng.pick(THINGS)
    return Cast(rng, hero, being(rng, other(hero), avoid=[hero]), rng.pick(PLACES), rng.pick(list(SEASONS)), thing,
                rng.pick(thing.looks))


# ---- what every story needs ------------------------------------------------------------------------------------------

def called(who, rng):
    size = rng.pick("little ", "young ", "small ", "")
    return f"{a(size + who.kind)} {rng.pick('named', 'called')} {who}"


def opening(c):
    """Who, where and when, in one of several orders."""
    p, h = c.rng.pick, c.hero
    who = called(h, c.rng)
    mood = p("curious", "cheerful", "quiet", "brave", "careful", "friendly", "dreamy", "busy")
    lines = p(
        [f"{p('Once upon a time', 'Long ago', 'Once')}, {who} lived {c.place.at}."],
        [f"{c.place.at.capitalize()} lived {who}.", f"{h.He} was {p('a very', 'a')} {mood} {h.kind}."],
        [f"There was once {who} who lived {c.place.at}.", f"{h.His} home was {c.place.house}."],
        [f"It was {c.season}. {p(SEASONS[c.season])}", f"In {c.place.house} {c.place.at} lived {who}."],
        [f"{h} the {h.kind} lived {c.place.at}, in {c.place.house}."],
        [f"One {c.season}, {who} lived {c.place.at}.", f"Everyone liked {h.him}, because {h.he} was so {p('kind', 'cheerful', 'funny', 'friendly', 'helpful')}."])
    if "season" not in " ".join(lines) and c.season not in " ".join(lines) and c.rng.chance(50):
        lines += [f"It was {c.season}.", p(SEASONS[c.season])]
    return lines


def owning(c):
    """How the hero came to the thing and what it is for."""
    p, h = c.rng.pick, c.hero
    giver = p("grandmother", "grandfather", "mother", "father", "aunt", "uncle")
    return [p(f"{h} had {a(c.it)}, and {h.he} liked to {c.use}.",
              f"{h.His} favourite thing was {a(c.it)}. {h.He} loved to {c.use}.",
              f"Of all {h.his} things, {h} liked {h.his} {c.it} best."),
            p(f"It had been a gift from {h.his} {giver}.", f"{h.His} {giver} had made it for {h.him}.",
              f"{h.He} had got it from {h.his} {giver} on {h.his} birthday.",
              f"{h.He} took good care of it and cleaned it every evening.")]


def meeting(c, why=""):
    p, h, g = c.rng.pick, c.hero, c.friend
    where = p(c.place.walks)
    return p(f"On the way {h.he} met {g} the {g.kind}{why}.", f"Then {g} the {g.kind} came {where}{why}.",
             f"Just then {a(g.kind)} named {g} came by{why}.", f"{h} met {a(g.kind)} named {g}{why}.")


def ask(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    return p(f'"What is the matter?" asked {g}.', f'"Why do you look so {p("sad", "worried")}, {h}?" asked {g}.',
             f'"Can I help you?" said {g}.', f'"You look {p("unhappy", "troubled")}," said {g}. "What happened?"')


def thanks(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    return p(f'"Thank you, {g}!" said {h}.', f'"Thank you so much," said {h}, and {h.he} hugged {g}.',
             f'"I could not have done it without you," said {h}.', f'"You are a true friend, {g}," said {h}.')


def shared_meal(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    dish = p(DISHES)
    return p(f"That evening {h} and {g} sat together and shared {dish}.",
             f"{h} invited {g} home, and they had {dish} together.",
             f"Afterwards they went to {h.his} house and shared {dish}.")


def ending(c, moral):
    """A last paragraph: a meal, a lesson, a look ahead; `moral` is a sentence or several to choose from."""
    p, h, g = c.rng.pick, c.hero, c.friend
    lesson = p(moral) if isinstance(moral, (list, tuple)) else moral
    last = p(f"From that day on, {h} and {g} were {p('good', 'best', 'the best of')} friends.",
             f"That night {h} fell asleep with a smile.",
             f"And whenever {h} thought of that day, {h.he} felt warm inside.",
             f"After that, {h} and {g} met every week.",
             f"When the stars came out, {h} was already asleep.")
    return p([shared_meal(c), last], [lesson], [lesson, last], [shared_meal(c), lesson], [shared_meal(c), lesson, last])


def day(c):
    return c.rng.pick("One morning", "One day", f"One {c.season} day", "One afternoon", f"On {a(c.season)} morning")


# ---- plots -----------------------------------------------------------------------------------------------------------

def lost(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    spots = c.rng.sample(c.place.spots, 3)
    walks = c.rng.sample(c.place.walks, 2)
    loss = [p(f"{day(c)} the {c.it} was gone.", f"{day(c)} {h} could not find the {c.it}.",
              f"{day(c)}, when {h} came home, the {c.it} was missing."),
            p(f"{h.He} was very sad.", f"{h} felt like crying.", f"{h.He} looked at the empty shelf and sighed.")]
    search = [f"{h.He} looked {spots[0]}, but it was not there.",
              p(f"{h.He} looked {spots[1]}, but there was nothing.", f"Then {h.he} looked {spots[1]}. It was not there "
                "either.", f"{h.He} went {walks[0]} and looked everywhere.")]
    talk = [meeting(c), ask(c), p(f'"I have lost my {c.it}," said {h}.', f'"My {c.it} is gone," {h} answered.')]
    if c.thing.sound and c.rng.chance(60):
        found = [p(f'"Be very quiet and listen," said {g}.', f'"Let us stand still and listen," said {g}.'),
                 f"They stood still, and after a while they heard {c.thing.sound}.",
                 f"It came from a place {spots[2]}, and there lay the {c.it}!"]
    else:
        found = [p(f'"Where were you when you last had it?" asked {g}.', f'"Think back," said {g}. "Where did you go '
                   'yesterday?"'),
                 p(f"{h} thought about it.", f"{h} closed {h.his} eyes and thought.") +
                 f' "Yesterday I went {walks[1]}," {h.he} said.',
                 f"So they went {walks[1]} together, and {spots[2]} they found the {c.it}!"]
    joy = [p(f"{h} jumped for joy.", f"{h} laughed and held it tight.", f"How happy {h} was!"), thanks(c)]
    end = ending(c, [f"{h} learned that it is easier to look for something with a friend.",
                     f"Now {h} always puts the {c.it} back in its place.",
                     f"{h} never forgot who had helped {h.him}."])
    first = p([opening(c) + owning(c), loss + search], [opening(c), owning(c) + loss, search],
              [loss_first(c, spots[0]), owning(c)])
    return first + [talk + found, joy + end]


def loss_first(c, spot):
    p, h = c.rng.pick, c.hero
    return [f'"Where is my {c.it}?" cried {h} the {h.kind}.',
            p(f"{h.He} had looked {spot} and in every corner of the house.",
              f"{h.He} lived {c.place.at}, and {h.he} had searched everywhere."),
            p("It was nowhere to be seen.", "But it was gone.")]


STUCK = {  # where → who can help, how
    "high up in a tree": (("squirrel", "owl", "bear", "child"), {
        "squirrel": "climbed up the trunk as fast as the wind", "owl": "flew up to the branch",
        "bear": "shook the tree with both arms", "girl": "fetched a ladder and climbed up",
        "boy": "fetched a ladder and climbed up"}),
    "in the middle of the water": (("otter", "duck", "frog", "beaver"), {
        "otter": "dived in and swam out", "duck": "paddled out at once", "frog": "jumped from stone to stone",
        "beaver": "swam out with strong strokes"}),
    "down in a deep hole": (("mouse", "mole", "rabbit"), {
        "mouse": "slipped down into the dark", "mole": "dug a tunnel to the bottom",
        "rabbit": "hopped down without fear"}),
    "under a heavy stone": (("bear", "badger", "deer"), {
        "bear": "rolled the stone away", "badger": "dug away the earth beneath it",
        "deer": "pushed the stone aside"}),
}


def stuck(c):
    p, h = c.rng.pick, c.hero
    light = c.thing.name in ("kite", "scarf", "hat", "umbrella", "map", "blanket")
    where = "high up in a tree" if light else p(list(STUCK)[1:])
    kinds, ways = STUCK[where]
    g = c.friend_of_kind(*[k for k in kinds if k not in (h.kind, "child" if h.is_child else "")])
    cause = {"high up in a tree": f"A strong wind tore the {c.it} out of {h.his} hands and carried it away.",
             "in the middle of the water": f"{h} stumbled, and the {c.it} fell into the water and drifted away.",
             "down in a deep hole": f"{h} did not see the hole in the ground, and the {c.it} fell in.",
             "under a heavy stone": f"A stone came rolling down, and the {c.it} was caught beneath it."}[where]
    event = [p(f"{day(c)} {h} took the {c.it} outside.", f"{day(c)} {h} went {p(c.place.walks)} with the {c.it}."),
             cause, p(f"Now it was {where}.", f"There it was, {where}.")]
    attempts = {"high up in a tree": ["jumped as high as {he} could", "threw a stick at it", "tried to climb the tree"],
                "in the middle of the water": ["reached out with a stick", "threw pebbles to make waves",
                                               "stretched as far as {he} could"],
                "down in a deep hole": ["reached down as far as {he} could", "tried to catch it with a string",
                                        "lay down and stretched out an arm"],
                "under a heavy stone": ["pushed as hard as {he} could", "pulled and pulled",
                                        "tried to lift the stone with a branch"]}[where]
    one, two = c.rng.sample(attempts, 2)
    tries = [f"{h} {one.format(he=h.he)}, but it did not help.",
             p(f"Then {h.he} {two.format(he=h.he)}. That did not work either.",
               f"{h.He} {two.format(he=h.he)}, but that was no use.")]
    help_ = [meeting(c), p(ask(c), f'"I see your trouble," said {g}.'),
             p(f'"My {c.it} is {where}," said {h}.', f'"I cannot reach my {c.it}," said {h}.'),
             p(f'"I can help," said {g}, and {g.he} {ways[g.kind]}.', f'"Wait here," said {g}. {g.He} {ways[g.kind]}.',
               f"{g} thought for a moment. Then {g.he} {ways[g.kind]}."),
             p(f"Soon {g} came back with the {c.it}.", f"A moment later, {h} had the {c.it} back.")]
    end = ending(c, ["Everyone is good at something, and friends share what they can do.",
                     f"{h} learned that it is wise to ask for help.",
                     f"{h} was proud to have such a {p('strong', 'clever', 'kind')} friend."])
    first = p([opening(c) + owning(c), event + tries], [opening(c), owning(c) + event, tries])
    return first + [help_, [thanks(c)] + end]


def storm(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    food = p("apples", "blueberries", "hazelnuts", "plums", "cherries", "chestnuts", "wild carrots")
    bad = {"spring": "rain", "summer": "a thunderstorm", "autumn": "a storm", "winter": "heavy snow"}[c.season]
    dark = [p(f"{day(c)} {h} went out to look for {food}.", f"{day(c)} {h} was on the way home with a bag of {food}."),
            p("Dark clouds came over the hills.", "Suddenly the sky turned grey.", "The wind grew stronger and stronger."),
            f"Then {bad} came, and {h} could not see the path any more."]
    fear = [p(f"{h} was cold and {p('afraid', 'tired', 'all alone')}.", f"{h.He} shivered, for {h.he} was far from home."),
            p(f"{h.He} crept {p(c.place.spots)}, but it was wet there.", f'"What shall I do?" {h.he} whispered.')]
    light = [p("Then a small light shone through the dark.", "All at once there was a light not far away."),
             f"It was the window of {g} the {g.kind}.",
             p(f"{h} knocked at the door.", f"{h} knocked softly three times."),
             p(f'"Come in, come in!" said {g}. "Nobody should be outside in such weather."',
               f'"You poor thing," said {g}. "Come in and sit by the fire."')]
    inside = [p(f"{g} gave {h.him} a dry blanket and {p(DISHES)}.", f"By the fire, {g} served {p(DISHES)}."),
              p(f"They told each other stories until {bad} was over.", f"Outside it was loud, but inside it was warm and "
                "safe.", f"{h} shared {h.his} {food}, and they talked until late.")]
    morning = [p("In the morning the sky was clear.", "When they woke up, the sun was shining."),
               p(f"{g} walked home with {h} and showed {h.him} the path.", thanks(c))]
    end = p([f"From then on, {h} always looked at the sky before leaving."],
            [f"A week later {h} came back with a basket of {food} for {g}."],
            [f"{h} put a lamp in {h.his} own window, so that others could find the way too."])
    return p([opening(c), dark + fear], [opening(c) + dark, fear]) + [light, inside, morning + end]


def broken(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    owner = p(ADULTS[g.pronoun])
    name = owner.split(" the ")[0].removeprefix("old ")
    what, by, repair = p((("a clay jug", "knocked it off the table", "glued the pieces together"),
                          ("a wooden stool", "jumped on it", "cut a new leg and nailed it on"),
                          ("a window", "threw a ball too high", "put in a new pane of glass"),
                          ("a flower pot", "ran around the corner too fast", "painted a new pot"),
                          ("a garden fence", "swung on the gate", "hammered the boards back in place"),
                          ("a lamp", "played too close to it", "bent the frame straight again")))
    it = "the " + what.split(" ", 1)[1]
    event = [f"{day(c)} {h} was visiting {owner}.", f"{h} {by}, and {it} broke." if what != "a window" else
             f"{h} {by}, and it flew right through {it}."]
    guilt = [p("Nobody had seen it.", f"{name} was in the other room and had not noticed."),
             p(f"{h} wanted to run away.", f"For a moment {h} thought of hiding."),
             p(f"But {h.his} heart felt heavy.", f"But {h.he} knew that this was not right.")]
    counsel = p([], [f"{h} told {h.his} friend {g} about it.", f'"Tell the truth," said {g}. "It will make your heart '
                     'light again."'])
    truth = [p(f"So {h} went to {name} and told the truth.", f"{h} took a deep breath and went to {name}."),
             p(f'"I broke {it}," {h.he} said. "I am very sorry."', f'"It was my fault that {it} broke," said {h}. "I am '
               'sorry."')]
    forgive = [p(f"{name} looked at {it} for a long time. Then {g.he} smiled.", f"{name} was not angry at all."),
               p('"Thank you for telling me," ', '"Things can be mended," ', '"That was brave of you," ') +
               f"said {name}. " + p('"Let us repair it together."', '"Will you help me to mend it?"'),
               f"All afternoon they worked side by side, and {h} {repair}."]
    end = p([p("When they were done, it looked better than before.", "It was not perfect, but it was good again."),
             f"{h} learned that the truth is the best way to begin."],
            [f"At the end {name} brought {p(DISHES)}, and they both laughed.", f"{h} went home with a light heart."],
            [f"{h} was glad, because the truth had made a new friend."])
    return p([opening(c), event + guilt], [opening(c) + event, guilt]) + [counsel + truth, forgive, end]


def gift(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    present, needs = p((("a cake", ["flour", "eggs", "honey"]), ("a necklace", ["string", "shells", "small beads"]),
                        ("a little garden", ["seeds", "earth", "a wooden box"]), ("a song", ["a tune", "some words",
                         "a drum"]), ("a warm quilt", ["cloth", "wool", "a needle"]),
                        ("a picture", ["paper", "a brush", "blue paint"])))
    plan = [p(f"It was almost the birthday of {h.his} friend {g} the {g.kind}.",
              f"Tomorrow {g} the {g.kind}, {h.his} best friend, would have a birthday."),
            p(f"{h} wanted to give {g.him} something special.", f"{h} thought about a gift all day."),
            f'"I will make {present}," {h.he} said.']
    helpers = c.rng.sample(["the baker", "the weaver", "the old owl", "the miller", "the gardener", "the teacher"], 2)
    have, first, second = c.rng.sample(needs, 3)
    collect = [f"{h.He} already had {have}, but {h.he} needed {first} and {second}.",
               p(f"So {h.he} went to {helpers[0]}, who gave {h.him} {first}.",
                 f"{helpers[0].capitalize()} gave {h.him} {first}, because {h} had swept {helpers[0]}'s floor."),
               p(f"For {second}, {h.he} went to {helpers[1]} and helped to carry water.",
                 f"{helpers[1].capitalize()} had {second} and was happy to share.")]
    work = [p(f"{h} worked all evening.", f"{h.He} worked until the moon was high."),
            p(f"At last {present.replace('a ', 'the ', 1)} was ready.", "It was not easy, but it was fun.")]
    scene = [p(f"The next day {h} knocked at {g}'s door.", f"In the morning {h} ran to {g}'s house."),
             f'"Happy birthday!" {h.he} called.',
             p(f"{g} looked at {present.replace('a ', 'the ', 1)}, and {g.his} eyes shone.",
               f"{g} was so happy that {g.he} danced around the room.")]
    words = [p(f'"You made this for me?" {g.he} asked. "It is the best gift of all."',
               f'"Nobody ever made {present} for me," said {g}.')]
    end = p([f"They celebrated all day, and {' and '.join(helpers)} came too."],
            [f"{h} was even happier than {g}, because giving is a joy."],
            ["A gift made with love is worth more than gold."])
    return [opening(c)] + p([plan + collect, work], [plan, collect + work]) + [scene + words, end]


def afraid(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    fear, reason, test, step = p((
        ("the dark", "every shadow looked like a monster", "the candles went out", "look at one shadow at a time"),
        ("deep water", f"{h.he} could not see the bottom", "a small duckling drifted away from the shore",
         "put one foot into the water"),
        ("high places", f"{h.his} knees began to shake", "a little bird fell out of its nest",
         "climb just one step a day"),
        ("thunder", "it was so loud", "a great storm came in the night", "count slowly to ten after each flash"),
        ("strangers", f"{h.he} never knew what to say", "a traveller asked for the way", "say just one word, hello")))
    trouble = [p(f"There was one thing that {h} did not like: {fear}.", f"{h} was afraid of {fear}."),
               p(f"{h.He} was afraid because {reason}.", f"It frightened {h.him}, because {reason}."),
               p("The others laughed about it.", f"{h.He} told nobody, for {h.he} was ashamed.")]
    talk = [p(f"Only {h.his} friend {g} the {g.kind} knew.", f"One evening {g} the {g.kind} noticed it."),
            p(f'"Everyone is afraid of something," said {g}.', f'"I used to be afraid too," said {g}.') +
            f' "Let us practise. First, {step}."',
            p(f"So they practised every day, and {h} grew a little braver each time.",
              f"{h} tried. It was hard at first, but each day it was easier.")]
    proof = {
        "the dark": f"{g} could not find the door, but {h} took {g.him} by the hand and led {g.him} through the dark.",
        "deep water": f"{h} took a deep breath, walked into the water and brought the duckling back.",
        "high places": f"{h} took a deep breath, climbed up step by step and put the bird back.",
        "thunder": f"{g} was outside that night, and {h} ran through the thunder and brought {g.him} home.",
        "strangers": f'{h} took a deep breath. "Hello," {h.he} said, and {h.he} showed the way.'}[fear]
    event = [f"Then, {p('one night', 'one evening')}, {test}." if fear in ("the dark", "thunder") else
             f"Then, {p('one day', 'one morning')}, {test}.", p("Nobody else was near.", "There was no time to lose."),
             proof]
    end = p([f'"You were so brave!" said {g}.', f'"I was afraid," said {h}, "but I did it all the same."'],
            [f"{h} was proud, for being brave means to be afraid and to go on."],
            [f"Since that day {h} has not been afraid of {fear} any more.", thanks(c)])
    return p([opening(c), trouble], [opening(c) + trouble]) + [talk, event, end]


def share(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    food, back = c.rng.sample(FOODS, 2)
    rich = [p(f"{day(c)} {h} found a tree full of {food}." if food in ("apples", "pears", "plums", "cherries",
              "chestnuts", "hazelnuts") else f"{day(c)} {h} had a whole basket of {food}."),
            p(f'"All these {food} are mine," {h.he} said.', f"{h.He} hid the {food} {p(c.place.spots)}.")]
    beg = [meeting(c), p(f'"I am so hungry," said {g}. "May I have some {food}?"',
                         f'"What lovely {food}!" said {g}. "I have not eaten all day."'),
           p(f'"No," said {h}. "I need them all."', f"{h} shook {h.his} head and walked on.")]
    doubt = [p(f"{g} went away without a word.", f"{g} only nodded and went away."),
             p(f"{h} ate and ate, but the {food} did not taste good.",
               f"That night {h} could not sleep, for {h.he} saw {g}'s sad eyes."),
             p(f"{h} felt lonely.", f'"I have so much, and {g} has nothing," thought {h}.')]
    give = [p("The next morning", "As soon as the sun rose") + f", {h} filled a basket with {food}.",
            f"{h.He} carried it to {g}'s house. " + p('"I am sorry," ', '"These are for you," ') + f"{h.he} said.",
            p(f"{g} smiled, and they ate together.", f"{g} made {p(DISHES)}, and they sat down together.")]
    reward = p([f"Now the {food} tasted better than ever."],
               [f"When {p('the cold days', 'hard days')} came, {h} had nothing left, and it was {g} who brought {back}."],
               [f"A month later {g} came with a bag of {back}.", f'"Now it is my turn to share," {g.he} said.'])
    end = p([f"{h} learned that shared food tastes best."], [f"Since then {h} and {g} have shared everything."],
            ["Those who share are never alone."])
    return p([opening(c), rich, beg], [opening(c) + rich, beg]) + [doubt, give + reward + end]


def race(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    sport, prize = p(("running race", "rowing race", "sledge race" if c.season == "winter" else "swimming race",
                      "race around " + c.place.name)), p("a golden cup", "a big honey cake", "a silver medal",
                                                          "a basket of sweets")
    news = [p(f"Every {c.season} there was a {sport}.", f"{day(c)} a {sport} was announced."),
            f"The winner would get {prize}.",
            p(f"{h} had practised for weeks.", f"{h} wanted to win more than anything else.")]
    start = [p(f"{g} the {g.kind} was the fastest of all.", f"Everyone thought that {g} the {g.kind} would win."),
             p("The whistle blew, and off they went.", '"One, two, three, go!" called the judge.'),
             p(f"Soon {h} and {g} were far ahead of the others.", f"At first {g} was ahead, but {h} came closer.")]
    fall = [p(f"Then {g} stumbled over a root and fell.", f"Suddenly {g} cried out and fell down.") if
            "rowing" not in sport and "swimming" not in sport else
            p(f"Then {g} got a cramp and cried for help.", f"Suddenly {g} was caught in the reeds."),
            f"{h} could {p('already see', 'see')} the finish. " +
            p(f"{h.He} could win now!", "Only a few more steps!" if "rowing" not in sport and "swimming" not in sport
              else "It was so near!"),
            p(f"But {h.he} turned around.", f"But {h.he} stopped and went back.")]
    aid = [f'"{p("Are you hurt", "Can you go on")}?" asked {h}.',
           p(f"{h.He} took {g} by the arm, and they went on slowly.", f"{h.He} helped {g} up, and they went on together."),
           p("They came in last, but everyone cheered.", "All the others passed them, but they did not mind.")]
    end = p([f"The judge cut the prize in two and gave them both a part." if prize == "a big honey cake" else
             f"The judge gave {h} a ribbon for the kindest heart.", f"{h} was as happy as a winner."],
            [f'"You could have won," said {g}.', f'"I did win," said {h}. "I won a friend."'],
            [f"{h} did not get {prize}, but {h.he} got a friend, and that was better."])
    return p([opening(c), news, start], [opening(c) + news, start]) + [fall, aid, end]


def garden(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    c.season = "spring"
    plant, result = p((("sunflower", "taller than the house"), ("pumpkin", "as big as a cart"),
                       ("rose bush", "full of red roses"), ("strawberry plant", "full of sweet berries"),
                       ("bean plant", "so tall that it reached the roof")))
    seed = [p(f"{day(c)} {h} found a seed {p(c.place.spots)}.", f"{day(c)} {g} the {g.kind} gave {h} a seed."),
            p(f"{h.He} dug a small hole, put in the seed and covered it with earth.",
              f"{h} planted it behind the house, where the sun was shining."),
            p(f'"Grow quickly," {h.he} said.', f"Then {h.he} sat down and waited.")]
    wait = [p("Nothing happened on the first day. Nothing happened on the second day.", "A day went by, and nothing "
              "could be seen."), p(f"{h} grew impatient.", f'"It does not work," said {h}.'),
            p(f"{h.He} wanted to dig it up again.", f"{h.He} stamped {h.his} foot.")]
    advice = [p(f"{g} laughed.", f"{g} the {g.kind} shook {g.his} head."),
              p('"A seed needs water, sun and time,"', '"Be patient, and give it water every day,"') + f" said {g}.",
              p(f"So {h} watered it every morning and pulled out the weeds.",
                f"So {h} carried water every evening, and {g} helped to keep the snails away.")]
    grow = [p("Then, one morning, there was a tiny green leaf.", "After two weeks a green tip came out of the earth."),
            p(f"{h} danced with joy.", f'"Look, {g}! It is growing!" cried {h}.'),
            f"It grew and grew, and at the end of the summer there stood a {plant}, {result}."]
    end = p([f"{h} gave a part of it to everyone {c.place.at}." if plant in ("pumpkin", "strawberry plant",
             "bean plant") else f"Everyone came to see it, and {h} told them how to plant one."],
            [f"{h} had learned that good things need time."],
            [f"{h} kept some seeds for the next year and gave half of them to {g}."])
    return [opening(c)] + p([seed + wait, advice], [seed, wait + advice]) + [grow, end]


def noise(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    small = p("kitten", "duckling", "lamb", "puppy", "chick", "little hedgehog")
    sound = {"kitten": "a thin meow", "duckling": "a soft peeping", "lamb": "a sad bleating", "puppy": "a low whining",
             "chick": "a faint cheeping", "little hedgehog": "a quiet rustling"}[small]
    spot = p(c.place.spots)
    night = [p(f"One night {h} heard a strange noise.", f"{h} was almost asleep when {h.he} heard a noise."),
             f"It was {sound}, and it came from outside.",
             p(f"{h} pulled the blanket over {h.his} head.", f"{h.His} heart beat fast.")]
    fetch = [p(f"But the noise did not stop, so {h.he} went to wake {g} the {g.kind}.",
               f"In the end {h.he} ran next door to {h.his} friend {g} the {g.kind}."),
             p(f'"Perhaps it is a ghost," whispered {h}.', f'"Did you hear that?" asked {h}.'),
             p(f'"Let us go and see," said {g}.', f'"There is only one way to find out," said {g}.')]
    find = [p("They took a lantern and went out into the night.", "Side by side they walked through the dark."),
            p("The noise grew louder and louder.", "Step by step they came closer."),
            f"And there, {spot}, sat a {small}. It was {p('cold', 'wet', 'lost')} and all alone."]
    care = [p(f'"Poor thing," said {h}, and {h.he} was not afraid any more.', f"{h} had to laugh. It was no ghost at all."),
            p(f"They wrapped it in a scarf and gave it {p('warm milk', 'something to eat')}.",
              f"{h} carried it home, and {g} made a small bed for it."),
            p("In the morning they found its mother.", f"The next day they brought the {small} back to its mother.",
              f"The {small} stayed, and they took care of it together.")]
    end = p([f"{h} learned that a noise in the dark may be somebody who needs help."],
            [f"Since then {h} has listened before being afraid."], [thanks(c), f"{h} slept well that night."])
    return [opening(c)] + p([night, fetch], [night + fetch]) + [find, care + end]


def newcomer(c):
    p, h, g = c.rng.pick, c.hero, c.friend
    old = p([x for x in PLACES if x != c.place]).name
    game = p("hide-and-seek", "catch", "a game of marbles", "pirates", "tag")
    arrive = [p(f"{day(c)} somebody new came to live next door.", f"{day(c)} a cart full of boxes stopped next door."),
              f"It was {g}, {a(g.kind)} from {old}.",
              p(f"{g} was shy and did not say a word.", f"{g} looked sad and stayed inside.")]
    watch = [p(f"{h} saw {g.him} at the window every day.", f"{h} wondered why {g} never came out."),
             p(f'"{g} does not like us," said the others.', "The others did not ask the new neighbour to play."),
             p(f'"Perhaps {g.he} just does not know us yet," thought {h}.', f"But {h} remembered how it feels to be alone.")]
    visit = [p(f"So {h} took {h.his} {c.it} and knocked at {g}'s door.", f"{h} took some {p(FOODS)} and went next door."),
             p(f'"Hello, I am {h}," {h.he} said. "Would you like to play?"', f'"Welcome," said {h}. "Shall I show you '
               'around?"'),
             p(f"At first {g} looked at the floor. Then {g.he} smiled.", f'"I would like that very much," {g} said softly.')]
    play = [p(f"They walked {p(c.place.walks)} and talked about {old}.", f"{g} told stories about {old}, and {h} "
              "listened with wide eyes."),
            p(f"Then they played {game} until it was dark.", f"Soon the others came too, and they all played {game}.")]
    end = p([f'"I thought that I would never have a friend here," said {g}.', f'"Now you have one," said {h}.'],
            [f"{h} was glad to have knocked at that door."],
            [f"A single friendly word can open a door.", f"{h} and {g} have been friends ever since."])
    return p([opening(c), arrive, watch], [opening(c) + arrive, watch]) + [visit, play, end]


PLOTS = {"lost": lost, "stuck": stuck, "storm": storm, "broken": broken, "gift": gift, "afraid": afraid, "share": share,
         "race": race, "garden": garden, "noise": noise, "newcomer": newcomer}
