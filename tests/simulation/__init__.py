"""The engine under real kills, hostile servers, jumping clocks and years of team life; judged by an independent oracle.

Short forms run in `make test`. `make torture` runs the full counts of docs/reliability.md.
"""
