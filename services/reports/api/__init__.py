"""The way in: translate, call one action, translate."""
