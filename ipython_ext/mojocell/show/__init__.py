"""How things look, as text and as HTML: made of plain values, so that everything else can show itself."""
