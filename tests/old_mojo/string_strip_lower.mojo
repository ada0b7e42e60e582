# Mojo 25.3 prints "mojo\n"

fn main():
    print(String("  MOJO ").strip().lower())
