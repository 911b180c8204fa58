module forkexec.example/forkexec

go 1.22
