"""Pictures drawn as SVG text: pure functions, every value escaped."""
