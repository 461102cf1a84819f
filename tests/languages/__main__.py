"""`python -m tests.languages check`: is every sentence there, in every language?
`python -m tests.languages make`: bring the catalogues up to date and compile them."""

import sys

from tests.languages import catalogues


def main(verb: str) -> int:
    pairs = [(p, lang) for p in catalogues.PACKAGES for lang in catalogues.PLURALS]
    if verb == "make":
        for package, language in pairs:
            catalogues.bring_up_to_date(package, language, {})
    faults = [fault for pair in pairs for fault in catalogues.faults(*pair)]
    for fault in faults:
        print(fault)
    return bool(faults)


if __name__ == "__main__":
    if sys.argv[1:] not in (["check"], ["make"]):
        sys.exit(__doc__)
    sys.exit(main(sys.argv[1]))
