appointments-cancel-these = 要取消以下所有预约吗？
appointments-kept = 好的，什么都没有取消。
appointment-one-at-a-time = 我一次只预约一项：请另外预约{ $services }。
