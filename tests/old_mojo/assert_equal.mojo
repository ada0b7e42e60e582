# Mojo 24.3 prints "ok\n"

from testing import assert_equal, assert_true

fn main() raises:
    assert_equal(2 + 2, 4)
    assert_true(3 > 2)
    print("ok")
