"""The LLM judge: prompt, fences, answers, and how calls are laid out."""
