"""An event-sourced life cycle for repair tickets: what happened, what was known when, and what it adds up to."""
