# Mojo 25.3 prints "150\ninsufficient funds\n"

struct Account:
    var owner: String
    var balance: Int

    fn __init__(out self, owner: String, balance: Int = 0):
        self.owner = owner
        self.balance = balance

    fn deposit(mut self, n: Int):
        self.balance += n

    fn withdraw(mut self, n: Int) raises:
        if n > self.balance:
            raise Error("insufficient funds")
        self.balance -= n

fn main():
    var a = Account("Ada", 100)
    a.deposit(50)
    print(a.balance)
    try:
        a.withdraw(500)
    except e:
        print(e)
