"""What runs inside the cell: the keeper, the zygotes, the wardens and the programs' processes."""
