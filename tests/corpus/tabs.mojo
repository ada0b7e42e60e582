def tabbed(x: Int) -> Int:
	if x > 1:
		return x
	return 0


struct Tabbed:
	var x: Int

	def __init__(out self):
		self.x = 1

	def get(self) -> Int:
		return self.x
