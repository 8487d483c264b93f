"""What a training run can show for its model: each measure ends in a section of the model card."""
