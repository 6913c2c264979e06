stranger-private = 这是一个私人机器人。如果主人给了你配对码，请发送到这里。
stranger-wrong-code = 这个配对码无效。请向主人索取新的配对码：每个配对码十分钟内有效。
