def a():pass
def b(x:Int,y:Int=2)->Int:return x+y
def c[n:Int=1](*xs:Int,k:Bool=False)raises->Int:return n
struct D:pass
trait E:
  def f(self)->Int:...
comptime G=1
def h( x : Int , / , y : Int = 1 )  ->  Int  :  return x
