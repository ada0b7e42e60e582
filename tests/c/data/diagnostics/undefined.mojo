def main():
    print(answer)
