"""Why a step's loss was not finite: the batch is judged again, and what explains the loss is named."""
