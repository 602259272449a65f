"""Labs by their numbers: found in their files."""

from pathlib import Path

import pytest

import aeutils as ae
from aeutils import labs


def test_every_file_is_a_lab_and_every_lab_has_a_number_of_its_own():
    files = {f"aeutils.labs.{path.stem}" for path in Path(labs.__file__).parent.glob("[!_]*.py")}
    found = [ae.lab(number) for number in range(1, len(files) + 1)]
    assert {lab.module for lab in found} == files
    assert all(lab.title.startswith(f"Lab {number}: ") for number, lab in enumerate(found, 1))
    assert ae.lab(2) is ae.lab(2)


@pytest.mark.parametrize("number", [0, 7, -1, "2", None])
def test_a_number_that_no_lab_has_is_refused(number):
    said = rf"there is no lab {number}; expected one of 1, 2, 3, 4, 5, 6"
    if not isinstance(number, int):
        said = f"number is {number!r}; expected a whole number"
    with pytest.raises(ValueError, match=said):
        ae.lab(number)
