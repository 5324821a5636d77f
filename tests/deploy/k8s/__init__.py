"""What test_k8s.py judges manifests by."""
