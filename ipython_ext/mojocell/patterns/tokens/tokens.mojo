# Words of a text in UTF-8 and how often each comes.
#
# A word is a run of ASCII letters, digits, `_` and of all bytes beyond ASCII: every character that is not ASCII counts as
# part of a word. ASCII letters are compared without case. Bytes that are no UTF-8 are bytes like others.


@always_inline
def _lower(c: UInt8) -> UInt8:
    return c | 32 if c >= 65 and c <= 90 else c


def _classes() -> List[Bool]:
    """Whether a byte belongs to a word."""
    var found = List[Bool](length=256, fill=False)
    for i in range(256):
        found[i] = (
            (i >= 48 and i <= 57) or (i >= 65 and i <= 90) or (i >= 97 and i <= 122) or i == 95 or i >= 128
        )
    return found^


def spans(text: Span[UInt8, _]) -> List[Int]:
    """Where each word begins and ends, in bytes, one after the other."""
    var is_word = _classes()
    var found = List[Int]()
    var i = 0
    var n = len(text)
    while i < n:
        while i < n and not is_word[Int(text[i])]:
            i += 1
        var start = i
        while i < n and is_word[Int(text[i])]:
            i += 1
        if i > start:
            found.append(start)
            found.append(i)
    return found^


struct Table:
    """Words by a hash of their letters, with open addressing; half of the places are empty at least."""

    var places: List[Int32]  # the number of a word and one, 0: empty
    var hashes: List[UInt64]
    var words: List[Int]  # begin, end and count of each

    def __init__(out self):
        self.places = List[Int32](length=1024, fill=0)
        self.hashes = List[UInt64]()
        self.words = List[Int]()

    def count(mut self, text: Span[UInt8, _], start: Int, end: Int, hash: UInt64):
        var mask = len(self.places) - 1
        var place = Int(hash & UInt64(mask))
        while self.places[place] != 0:
            var number = Int(self.places[place]) - 1
            if self.hashes[number] == hash and _same(text, self.words[3 * number], self.words[3 * number + 1], start, end):
                self.words[3 * number + 2] += 1
                return
            place = (place + 1) & mask
        self.hashes.append(hash)
        self.words.append(start)
        self.words.append(end)
        self.words.append(1)
        self.places[place] = Int32(len(self.hashes))
        if 2 * len(self.hashes) > len(self.places):
            self._grow()

    def _grow(mut self):
        var places = List[Int32](length=2 * len(self.places), fill=0)
        var mask = len(places) - 1
        for number in range(len(self.hashes)):
            var place = Int(self.hashes[number] & UInt64(mask))
            while places[place] != 0:
                place = (place + 1) & mask
            places[place] = Int32(number + 1)
        self.places = places^


@always_inline
def _same(text: Span[UInt8, _], a: Int, a_end: Int, b: Int, b_end: Int) -> Bool:
    if a_end - a != b_end - b:
        return False
    for i in range(a_end - a):
        if _lower(text[a + i]) != _lower(text[b + i]):
            return False
    return True


def counts(text: Span[UInt8, _]) -> List[Int]:
    """Begin and end of the first of each word, in bytes, and how often it comes, one after the other, in their order."""
    var is_word = _classes()
    var table = Table()
    var i = 0
    var n = len(text)
    while i < n:
        while i < n and not is_word[Int(text[i])]:
            i += 1
        var start = i
        var hash = UInt64(14695981039346656037)
        while i < n and is_word[Int(text[i])]:
            hash = (hash ^ UInt64(_lower(text[i]))) * 1099511628211
            i += 1
        if i > start:
            table.count(text, start, i, hash ^ (hash >> 29))
    return table.words.copy()


def top(text: Span[UInt8, _], most: Int) -> List[Int]:
    """The same of the words that come most often, the most frequent first, of equals the one that comes first."""
    var words = counts(text)
    var count = len(words) // 3
    var kept = min(most, count)
    # A heap of the best so far, the worst of them on top.
    var heap = List[Int](capacity=kept)
    for number in range(count):
        if len(heap) < kept:
            heap.append(number)
            var at = len(heap) - 1
            while at > 0 and _worse(words, heap[at], heap[(at - 1) // 2]):
                _swap(heap, at, (at - 1) // 2)
                at = (at - 1) // 2
        elif kept > 0 and _worse(words, heap[0], number):
            heap[0] = number
            _sink(words, heap, len(heap))
    var size = len(heap)
    while size > 1:
        size -= 1
        _swap(heap, 0, size)
        _sink(words, heap, size)
    var found = List[Int](capacity=3 * kept)
    for number in heap:
        for i in range(3):
            found.append(words[3 * number + i])
    return found^


@always_inline
def _worse(words: List[Int], a: Int, b: Int) -> Bool:
    var less = words[3 * a + 2] - words[3 * b + 2]
    return less < 0 or (less == 0 and a > b)


def _swap(mut items: List[Int], a: Int, b: Int):
    var held = items[a]
    items[a] = items[b]
    items[b] = held


def _sink(words: List[Int], mut heap: List[Int], size: Int):
    var at = 0
    while True:
        var worst = at
        for child in range(2 * at + 1, min(2 * at + 3, size)):
            if _worse(words, heap[child], heap[worst]):
                worst = child
        if worst == at:
            return
        _swap(heap, at, worst)
        at = worst
