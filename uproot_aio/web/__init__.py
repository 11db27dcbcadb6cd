"""How it is reached: aiohttp and Jinja. This folder decides nothing."""
