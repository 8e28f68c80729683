"""Facts folded from both feeds: results per area, money per month, targets."""
