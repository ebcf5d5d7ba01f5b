"""The small world of the demo corpus: who lives there, where, what they own, and how to speak of them.

Everything here is our own. Random choices come from `Rng`, so every file made from this grammar is the same on every
machine and with every version of Python.
"""
from dataclasses import dataclass

SEASONS = {
    "spring": ["The first flowers were opening.", "Young leaves shone on every branch.",
               "The last snow had melted, and the air smelled of wet earth.", "Birds were building their nests."],
    "summer": ["The days were long and warm.", "Bees hummed in the clover.",
               "The sun was hot, and everyone looked for shade.", "Crickets sang in the tall grass."],
    "autumn": ["The leaves had turned red and gold.", "A cool wind blew dry leaves along the path.",
               "Mist lay over the fields in the morning.", "Apples were ripe, and the evenings were getting cool."],
    "winter": ["Snow lay on the roofs and the fences.", "The air was cold and clear.",
               "Icicles hung from every branch.", "The pond was frozen, and smoke rose from the chimneys."],
}

ANIMALS = ["fox", "rabbit", "mouse", "hedgehog", "squirrel", "otter", "duck", "owl", "badger", "mole", "frog", "beaver",
           "bear", "deer"]
CHILDREN = {"she": "girl", "he": "boy"}
NAMES = {
    "she": ["Mira", "Lena", "Tilly", "Nora", "Ada", "Ivy", "Ruby", "Hazel", "Clara", "Juna", "Pia", "Wren", "Stella",
            "Mabel"],
    "he": ["Tom", "Finn", "Oskar", "Bruno", "Leo", "Milo", "Jonas", "Pip", "Hugo", "Emil", "Sam", "Rufus", "Otto",
           "Ben"],
}
WORDS = {"she": ("she", "her", "her", "hers", "herself"), "he": ("he", "him", "his", "his", "himself")}

ADULTS = {
    "she": ["Mrs. Plum the baker", "old Agnes the weaver", "Mrs. Reed the teacher", "Dora the miller"],
    "he": ["Mr. Finch the baker", "old Jakob the carpenter", "Mr. Stone the blacksmith", "Walter the ferryman"],
}


@dataclass(frozen=True)
class Place:
    name: str            # "the forest"
    at: str              # "at the edge of the forest"
    house: str           # where a hero who lives there lives
    spots: tuple         # where small things end up
    walks: tuple         # where one walks, looks and meets others


PLACES = [
    Place("the forest", "at the edge of the forest", "a cosy burrow", ("under a fern", "behind a mossy log",
          "between the roots of an old oak"), ("along the forest path", "past the tall pines", "to the old oak")),
    Place("the village", "in a small village", "a house with a green door", ("under the bench by the well",
          "behind the bakery", "in the grass beside the gate"), ("down the main street", "past the bakery",
                                                                "across the market square")),
    Place("the river", "by a quiet river", "a cabin near the water", ("among the reeds", "under the little bridge",
          "between two flat stones"), ("along the bank", "over the little bridge", "down to the water")),
    Place("the hill", "on a windy hill", "a hut with a round window", ("beside the stone wall", "in the heather",
          "at the foot of the hill"), ("up the steep path", "around the hill", "along the stone wall")),
    Place("the farm", "on a busy farm", "the loft above the stable", ("under the hay", "behind the barn",
          "next to the water trough"), ("across the yard", "around the barn", "through the orchard")),
    Place("the sea", "by the sea", "a hut on the beach", ("in the sand", "under an upturned boat",
          "among the shells"), ("along the beach", "past the fishing boats", "to the end of the pier")),
    Place("the meadow", "beside a wide meadow", "a nest of soft grass", ("in the clover", "under a big leaf",
          "near the blackberry bush"), ("through the tall grass", "around the meadow", "past the blackberry bush")),
    Place("the lake", "on the shore of a blue lake", "a hut on wooden legs", ("under the jetty", "beside an old rowing boat",
          "in the soft mud"), ("around the lake", "along the jetty", "down to the shore")),
    Place("the valley", "in a green valley", "a cottage with a straw roof", ("under the apple tree", "behind the well",
          "in a patch of nettles"), ("down the valley", "past the mill", "along the stream")),
]


@dataclass(frozen=True)
class Thing:
    name: str
    looks: tuple         # adjectives, one is chosen
    use: str             # "<hero> loved to ..."; {his} and {himself} are the owner's
    sound: str = ""      # a sound that gives it away, or ""


THINGS = [
    Thing("kite", ("red", "yellow", "striped"), "fly it on windy days"),
    Thing("ball", ("blue", "red", "soft"), "bounce it against the wall"),
    Thing("scarf", ("woollen", "green", "long"), "wear it on cold mornings"),
    Thing("key", ("brass", "silver", "little"), "open the garden gate with it"),
    Thing("lantern", ("copper", "small", "old"), "carry it on dark evenings"),
    Thing("basket", ("round", "willow", "brown"), "fill it with berries"),
    Thing("drum", ("wooden", "round", "painted"), "play it at the market"),
    Thing("book", ("thick", "blue", "old"), "read it under the covers"),
    Thing("bell", ("silver", "tiny", "brass"), "ring it before supper", "a soft ringing"),
    Thing("whistle", ("tin", "wooden", "shiny"), "blow it to call {his} friends"),
    Thing("map", ("folded", "painted", "old"), "plan long walks with it"),
    Thing("hat", ("straw", "yellow", "pointed"), "wear it everywhere"),
    Thing("blanket", ("soft", "striped", "woollen"), "wrap {himself} in it at night"),
    Thing("boat", ("little", "wooden", "white"), "sail it on the water"),
    Thing("cup", ("blue", "clay", "painted"), "drink warm milk from it"),
    Thing("watch", ("silver", "golden", "old"), "hear it tick at night", "a quiet ticking"),
    Thing("compass", ("brass", "round", "small"), "find {his} way with it"),
    Thing("flute", ("bamboo", "wooden", "thin"), "play slow tunes on it"),
    Thing("umbrella", ("green", "spotted", "big"), "walk in the rain with it"),
    Thing("spoon", ("wooden", "silver", "long"), "stir the soup with it"),
]

FOODS = ["apples", "blueberries", "hazelnuts", "carrots", "pears", "plums", "honey cakes", "warm rolls", "cherries",
         "chestnuts"]
DISHES = ["a bowl of hot soup", "a slice of apple cake", "a cup of warm milk", "fresh bread with honey",
          "a plate of pancakes", "a cup of mint tea"]


class Rng:
    """SplitMix64: small, fast enough, and ours to keep the same for ever."""

    def __init__(self, seed):
        self.state = seed & (2**64 - 1)

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & (2**64 - 1)
        z = self.state
        z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & (2**64 - 1)
        z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & (2**64 - 1)
        return z ^ (z >> 31)

    def pick(self, *options):
        """One of the arguments, or of the sequence that is the only argument."""
        items = options[0] if len(options) == 1 and not isinstance(options[0], str) else options
        return items[self.next() % len(items)]

    def chance(self, percent):
        return self.next() % 100 < percent

    def sample(self, items, count):
        rest, chosen = list(items), []
        for _ in range(count):
            chosen.append(rest.pop(self.next() % len(rest)))
        return chosen

    def shuffle(self, items):
        items[:] = self.sample(items, len(items))


def a(words):
    """`words` with the indefinite article."""
    return ("an " if words[0].lower() in "aeiou" else "a ") + words


@dataclass(frozen=True)
class Being:
    """Somebody in a story; the pronouns are spelled as they stand in a sentence about a man."""
    name: str
    kind: str
    pronoun: str

    he = property(lambda self: WORDS[self.pronoun][0])
    He = property(lambda self: self.he.capitalize())
    him = property(lambda self: WORDS[self.pronoun][1])
    his = property(lambda self: WORDS[self.pronoun][2])
    His = property(lambda self: self.his.capitalize())
    himself = property(lambda self: WORDS[self.pronoun][4])
    is_child = property(lambda self: self.kind in CHILDREN.values())

    def __str__(self):
        return self.name


def being(rng, pronoun=None, kinds=None, avoid=()):
    """Somebody with a fresh name and, if asked, a given pronoun or one of the given kinds."""
    pronoun = pronoun or rng.pick("she", "he")
    kinds = [k for k in (kinds or ANIMALS + ["child"] * 4) if k not in {b.kind for b in avoid}]
    kind = rng.pick(kinds)
    name = rng.pick([n for n in NAMES[pronoun] if n not in {b.name for b in avoid}])
    return Being(name, CHILDREN[pronoun] if kind == "child" else kind, pronoun)


def other(being_):
    """The pronoun that tells a second person apart from the first."""
    return "he" if being_.pronoun == "she" else "she"
