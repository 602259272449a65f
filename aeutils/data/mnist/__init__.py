"""MNIST and Fashion-MNIST: where their files are, how they come from the network, what stands in offline."""
