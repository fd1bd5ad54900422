from types import SimpleNamespace

import pytest
from conftest import pytest_runtest_setup


def set_up(package, expression):
    item = SimpleNamespace(
        iter_markers=lambda name: [pytest.mark.bench(package).mark] if name == "bench" else [],
        config=SimpleNamespace(option=SimpleNamespace(markexpr=expression)),
    )
    pytest_runtest_setup(item)


def test_a_test_without_its_package_is_skipped_unless_it_was_asked_for():
    with pytest.raises(pytest.skip.Exception, match="nowhere is not installed: `make test-bench`"):
        set_up("nowhere", "")
    with pytest.raises(pytest.fail.Exception, match="nowhere is not installed"):
        set_up("nowhere", "bench")


def test_a_test_with_its_package_runs():
    set_up("numpy", "")
    set_up("numpy", "bench")
