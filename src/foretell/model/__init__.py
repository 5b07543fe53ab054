"""The nouns of foretell: frozen dataclasses that every other room imports and that import nothing but `errors`."""
