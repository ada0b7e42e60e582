# Mojo 24.5 prints "True False\n"

fn is_palindrome(s: String) -> Bool:
    var n = len(s)
    for i in range(n // 2):
        if s[i] != s[n - 1 - i]:
            return False
    return True

fn main():
    print(is_palindrome("level"), is_palindrome("mojo"))
