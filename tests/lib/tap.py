# SPDX-License-Identifier: LGPL-2.1-or-later
"""Test points for the scripts of the suite: one sentence each, with the findings as the reason when it does not hold."""

import sys
import traceback


class Tap:
    """Counts and prints the points; finish() prints the plan and gives the exit status."""

    def __init__(self):
        self.count = 0
        self.failed = 0

    def check(self, title, good, *findings):
        """One point. The findings are printed when it fails."""
        self.count += 1
        if not good:
            self.failed += 1
            for finding in findings:
                for line in str(finding).splitlines():
                    print(f'# {line}')
        print(f'{"ok" if good else "not ok"} {self.count} {title}')
        sys.stdout.flush()

    def none(self, title, findings):
        """A point that holds when nothing was found."""
        findings = list(findings)
        self.check(title, not findings, *findings)

    def run(self, title, function):
        """A point that holds when the function returns; an AssertionError or anything else thrown is the reason."""
        try:
            function()
        except Exception:  # pylint: disable=broad-except
            self.check(title, False, traceback.format_exc())
        else:
            self.check(title, True)

    def skip(self, title, reason):
        self.count += 1
        print(f'ok {self.count} {title} # SKIP {reason}')

    def finish(self):
        print(f'1..{self.count}')
        return 1 if self.failed else 0
