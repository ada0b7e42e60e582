def main():
	var größe = "äöü"; print(größe, missing, "日本")
