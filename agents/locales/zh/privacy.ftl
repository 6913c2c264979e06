help-data = **您的数据**：/export 全部交给您，/forgetme 全部删除
