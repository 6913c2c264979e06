"""A real `majordomo run` process against our own Telegram: floods, kills and a platform in trouble."""
