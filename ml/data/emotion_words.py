"""The names that data sets give to an expression, in the six languages of the site.

Words and plain misspellings only. A number is no name: FER-2013's 3 is happy, RAF-DB's
is disgust (ml/data/dataset_layouts.py).
"""

import re
import unicodedata

OTHER = "other"  # an expression by name, but none of our seven

WORDS = {
    "angry": """
        anger angrily agry angery angy rage raiva zangado zangada irritado
        irritada ira enojo enojado enojada enfado enfadado enfadada furioso
        furiosa colere en_colere fache fachee zlosc gniew zly zla злость злой
        злая гнев сердитый сердитая""",
    "disgust": """
        disgusted disgusting disgusts digust disgut disguist nojo repulsa asco
        asqueado asqueada degout degoute degoutee wstret obrzydzenie odraza
        отвращение""",
    "fear": """
        fearful afraid scared fears feared frightened terrified medo assustado
        assustada temor miedo asustado asustada temeroso temerosa peur effraye
        effrayee apeure apeuree strach przerazenie przestraszony przestraszona
        страх испуг испуганный испуганная""",
    "happy": """
        happiness happyness hapiness happines hapy happily joy joyful joyous
        smile smiling smiles feliz felicidade alegria alegre felicidad heureux
        heureuse joie joyeux joyeuse bonheur radosc szczescie szczesliwy
        szczesliwa wesoly wesola radosny radosna радость счастье радостный
        радостная счастливый счастливая""",
    "sad": """
        sadness saddness sadnes sadly unhappy sorrow triste tristeza tristesse
        malheureux malheureuse smutek smutny smutna грусть печаль грустный
        грустная печальный печальная""",
    "surprise": """
        surprised suprise suprised surprize surprized suprize surprising surpise
        astonished surpresa surpreso surpreendido surpreendida sorpresa
        sorprendido sorprendida surpris etonne etonnee etonnement zaskoczenie
        zdziwienie zaskoczony zaskoczona zdziwiony zdziwiona удивление
        удивленный удивленная""",
    "neutral": """
        neutrality neutre neutro neutra neutralidade neutralidad neutralny
        neutralna neutralnosc nuetral netural neutrual neutal нейтральный
        нейтральная нейтральное нейтрально""",
    OTHER: """
        contempt contemptuous comtempt desprezo desprecio mepris pogarda
        презрение""",
}


def normalized(name: str) -> str:
    """In small letters without accents, words joined by "_"."""
    letters = unicodedata.normalize("NFKD", name.replace("ł", "l").replace("Ł", "L"))
    plain = "".join(c for c in letters if not unicodedata.combining(c))
    return re.sub(r"[\s_.\-]+", "_", plain.casefold()).strip("_")


_MEANINGS = {
    normalized(word): emotion
    for emotion, words in WORDS.items()
    for word in (emotion, *words.split())
    if (word, emotion) != (OTHER, OTHER)
}


def emotion_of(name: str) -> str | None:
    """The expression that a folder's name says, one of EMOTIONS or OTHER; None where it
    says none. Case, accents, blanks at the ends and a leading number ("3_happy") do not
    count."""
    word = normalized(name)
    return _MEANINGS.get(word) or _MEANINGS.get(re.sub(r"^\d+_", "", word))
