def unterminated_line() -> Int:
    return 1