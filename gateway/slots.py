"""How many of a kind may be at work in this process at once."""


class Slots:
    """Whoever finds none free is to come again later: nobody waits for one."""

    def __init__(self, most: int) -> None:
        self.most = self.free = most

    def take(self) -> bool:
        """True if one was free, which is the caller's until it is given back."""
        if not self.free:
            return False
        self.free -= 1
        return True

    def give_back(self) -> None:
        """One is free again."""
        self.free += 1
