def main():
    print("ä", missing)
