# Mojo 25.2 prints "True False\n"

@value
struct Version(Comparable):
    var major: Int

    fn __lt__(self, o: Self) -> Bool:
        return self.major < o.major

    fn __le__(self, o: Self) -> Bool:
        return self.major <= o.major

    fn __gt__(self, o: Self) -> Bool:
        return self.major > o.major

    fn __ge__(self, o: Self) -> Bool:
        return self.major >= o.major

    fn __eq__(self, o: Self) -> Bool:
        return self.major == o.major

    fn __ne__(self, o: Self) -> Bool:
        return self.major != o.major

fn main():
    print(Version(1) < Version(2), Version(2) == Version(1))
