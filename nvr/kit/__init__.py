"""For those who write plugins: `nvr plugin new` and `nvr plugin check`."""
