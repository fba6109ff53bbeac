// Command gatehouse runs the Gatehouse web application and its tools.
package main

func main() {}
