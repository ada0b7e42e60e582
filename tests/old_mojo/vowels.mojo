# Mojo 24.6 prints "3\n"

fn count_vowels(text: String) -> Int:
    var count = 0
    for i in range(len(text)):
        var c = text[i]
        if c == "a" or c == "e" or c == "i" or c == "o" or c == "u":
            count += 1
    return count

fn main():
    print(count_vowels("programming is"[:11]) + count_vowels("x"))
