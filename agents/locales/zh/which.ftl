appointment-unlike = 没有找到这样的预约。
appointment-none-of-these = 都不是
appointment-untouched = 好的，什么都没有更改。
appointment-what = 那个时间要在日历里记什么？
appointment-one-of-several = 这只是一个人的一个预约。第二个请按按钮，或者再说一次。
appointment-staff-not-free = { $staff }那个时间没空，或者不做这个项目。您的预约保持不变：{ $title }，{ $when }。
appointment-staff-unknown = { $name }不在这里工作。您的预约保持不变：{ $title }，{ $when }。
