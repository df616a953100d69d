"""Flask glue and the console's app shell: words, access, lists, error answers. It knows neither business nor people."""
