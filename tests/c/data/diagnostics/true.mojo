def main():
    var x = true
    if x:
        print(1)
