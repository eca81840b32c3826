"""For the tests of plugins: footage that is nowhere, a clock, contracts to inherit."""
