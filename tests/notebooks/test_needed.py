"""Which cells a panel's cell needs, told from the names alone."""

import pytest

from tests.tools.needed import Names, needed

CELLS = [
    "import aeutils as ae\ndata = ae.setup('mnist')",
    "for name in 'ab':\n    print(name)",
    "nets = {}",
    "nets['vae'] = ae.VAE()",
    "ae.fit(nets['vae'], data.train, epochs=1)",
    "x = data.test.x\nx = x[:10]",
    "x = [name for name in nets]",
    "def shown(k, x=3):\n    return nets['vae'].decode(k + x)",
    "ae.explore(shown, [x for x in 'ab'])",
]


def test_what_binds_a_name_is_needed_and_what_only_uses_it_is_not():
    assert needed(CELLS, [8]) == [0, 2, 3, 7, 8]
    assert needed(CELLS, [5]) == [0, 5]
    assert needed(CELLS, [1, 6]) == [0, 1, 2, 3, 6]
    assert needed(CELLS, []) == []


@pytest.mark.parametrize(
    ("source", "read", "bound"),
    [
        ("a = a + 1", "a", "a"),
        ("a += b", "ab", "a"),
        ("a, (b, *c) = d", "d", "abc"),
        ("a[b].c = d", "abd", ""),
        ("for a in b: c = a", "b", "ac"),
        ("{a: b for a in c for b in a if d}", "cd", ""),
        ("a = lambda b, c=d: b + c + e", "de", "a"),
        ("def a(b, *c, d=e): return b, c, d, f", "ef", "a"),
        ("class a(b):\n    c = d\n    def e(self): return f", "bdf", "a"),
        ("with a as b: b()", "a", "b"),
        ("from a import b as c", "", "c"),
        ("import a.b", "", "a"),
        ("(a := b)", "b", "a"),
        ("f'{a:{b}}'", "ab", ""),
        ("try: a()\nexcept b as c: c", "ab", "c"),
    ],
)
def test_what_is_read_before_it_is_bound(source, read, bound):
    seen = Names(source)
    assert (seen.read, seen.bound) == (set(read), set(bound))
