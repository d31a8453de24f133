"""The morning report: sections return blocks, one template renders blocks. It reads the lake and judges nothing."""
