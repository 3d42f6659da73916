"""What the voice is judged by: 24 lines, and the rhyming words of House, Williams, Hecker and Kryter.

The words are 48 of the 50 sets of the modified rhyme test ("Articulation-testing methods", JASA 37, 1965):
the sets in which the judge's dictionary knows every word.
"""

LINES = """[Verse]
walking down the empty street tonight
every window holds a little light
I can hear the river calling me
somewhere out beyond the orchard tree
[Chorus]
hold me now and never let me fall
I can hear you singing through the wall
every night I call you by your name
nothing in the morning stays the same
[Verse]
seven days of rain upon the glass
watching all the silent trains go past
if you ever think of coming home
leave a message on the telephone
[Bridge]
golden leaves are dancing in the park
children run and shout before the dark
someone plays a fiddle by the door
summer will be gone for ever more
[Verse]
give me just a minute of your time
put your broken heart in front of mine
we could drive until the break of day
looking for the words we meant to say
[Chorus]
fire on the mountain snow below
people always tell me take it slow
let the thunder roll across the sea
you are all the shelter that I need
"""

SETS = (
    "went sent bent dent tent rent",
    "hold cold told fold sold gold",
    "pat pad pan path pack pass",
    "lane lay late lake lace lame",
    "kit bit fit hit wit sit",
    "must bust gust rust dust just",
    "teak team teal teach tear tease",
    "din dill dim dig dip did",
    "bed led fed red wed shed",
    "pin sin tin fin din win",
    "dug dung duck dud dub dun",
    "seep seen seethe seek seem seed",
    "not tot got pot hot lot",
    "vest test rest best west nest",
    "pig pill pin pip pit pick",
    "back bath bad bass bat ban",
    "way may say pay day gay",
    "pig big dig wig rig fig",
    "pale pace page pane pay pave",
    "cane case cape cake came cave",
    "shop mop cop top hop pop",
    "coil oil soil toil boil foil",
    "tan tang tap tack tam tab",
    "fit fib fizz fill fig fin",
    "same name game tame came fame",
    "peel reel feel eel keel heel",
    "hark dark mark bark park lark",
    "heave hear heat heal heap heath",
    "thaw law raw paw jaw saw",
    "pen hen men then den ten",
    "puff puck pub pus pup pun",
    "bean beach beat beak bead beam",
    "heat neat feat seat meat beat",
    "dip sip hip tip lip rip",
    "kill kin kit kick king kid",
    "hang sang bang rang fang gang",
    "took cook look hook shook book",
    "mass math map mat man mad",
    "ray raze rate rave rake race",
    "save same sale sane sake safe",
    "fill kill will hill till bill",
    "sill sick sip sing sit sin",
    "bale gale sale tale pale male",
    "wick sick kick lick pick tick",
    "peace peas peak peach peat peal",
    "bun bus but bug buck buff",
    "sag sat sass sack sad sap",
    "fun sun bun gun run nun",
)
