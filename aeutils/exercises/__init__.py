"""How a lab's exercises are checked: right, or wrong and why, in a process of its own."""
